"""The API's resources. Each is the same service call as the page's, with its refusals as problem documents."""
