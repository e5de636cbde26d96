//! The command as its users meet it: arguments in; exit status, output and files out.

mod arguments;
mod completing;
mod generating;
mod instructing;
mod mutating;
mod proving;
mod quantizing;
mod reproducing;
mod scene;
mod simulating;
mod starting;
mod synthesising;
mod tools;
