"""The bar store: one append-only Parquet file per ticker."""
