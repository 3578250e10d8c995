//! OpenAPI documents: read, check, list operations. Pure.
