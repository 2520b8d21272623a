"""The reader's pages.

`pages` has one function a page; each takes views of `readmodel` and returns the whole text of the file.
`assets` has the files below static/, named by their content.
"""
