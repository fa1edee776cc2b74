print("ewald")
