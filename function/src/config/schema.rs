//! The JSON Schema of the config.
