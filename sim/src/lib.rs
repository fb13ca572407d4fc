//! The protocols that no fault may break, as models that are searched exhaustively.
//!
//! A test tries the orders of events that somebody thought of. These models are small enough that **every** order is tried:
//! which node does what when, which answer is lost, which batch arrives late, when a lease ends. The search is done by
//! [stateright](https://www.stateright.rs); a property that fails comes with the shortest way to break it, step by step.
//!
//! | module | question |
//! |---|---|
//! | [`ownership`] | Is the log written by one owner at a time, in the order of the epochs, and does the shard find an owner again? |
//! | [`patience`] | Has a former owner stopped by itself when its lease is over? |
//!
//! ## How to use it
//!
//! ```text
//! cargo test -p cowork-sim                                    # seconds
//! cargo test -p cowork-sim -- --nocapture --test-threads 1    # with the numbers of states and the counterexamples
//! ```
//!
//! Each search of the right rules goes through 90 000 to 1.8 million steps and ends when there is nothing new (20 000 to
//! 320 000 different states); a wrong rule is refuted after 3 to 850 000. The tests print the numbers as they are today.
//!
//! **Who changes the protocol changes the model first.** Each module says which line of it stands for which line of the
//! program. A rule that is left out of a model, or a fault that can't happen in it, is named there, too.
//!
//! A model that can't fail proves nothing. So each has a `Rules` enum with rules that are wrong and look as good, and for each
//! of them a test that demands a counterexample.
//!
//! ## What a search proves, and what not
//!
//! It proves the rules, for the number of nodes and of faults in each test's budget, over all orders. It doesn't prove that the
//! program follows the rules (the tests of `crates/store` and the drill ask that), nor anything of PostgreSQL, whose promises
//! are axioms here: advisory locks exclude, a statement under READ COMMITTED sees what was committed when it began, a
//! transaction is committed as a whole or not at all, and what a backend held is free when it ends.

pub mod ownership;
pub mod patience;
