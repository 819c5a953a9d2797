"""The PDF of a printed document, made by typst."""
