"""Search in everything said. One interface (`find`), two engines; which one runs follows the database setting."""
