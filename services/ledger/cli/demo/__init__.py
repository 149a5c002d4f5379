"""The generated demo book: fictitious enterprises, a year of business, one story each."""
