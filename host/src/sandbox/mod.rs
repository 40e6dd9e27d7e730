//! Runs the component with nothing to trust: it imports nothing, and time, memory and output are bounded.
