"""Networks of stocks: serial systems and guaranteed service on trees."""
