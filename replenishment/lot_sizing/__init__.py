"""Order quantities: the economic order quantity and its family, discounts, dynamic and joint lot sizes."""
