// One browser and one app at a time: each takes a core, and what a class waits for must not wait for its neighbours.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
