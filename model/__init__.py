"""What is built: data only. Descriptions, number formats, sign polynomials, register map."""
