//! The workflow language: parse, check, project, draw, and the firing rules themselves. Pure.
