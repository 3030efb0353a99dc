"""Every network of the family, trained, measured and put into one table."""
