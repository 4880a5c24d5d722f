"""Tables of prices as people have them, read in layers: text, layout, columns, numbers, dates."""
