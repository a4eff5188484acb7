"""The life of a backorder: what waits, what covers it, when it comes, what it puts at risk and why it came about."""
