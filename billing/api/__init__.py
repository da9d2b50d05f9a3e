"""The API v1: programs see and change what people see and change on the pages, through the same services."""
