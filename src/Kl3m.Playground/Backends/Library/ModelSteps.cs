namespace Kl3m.Playground.Backends.Library;

/// <summary>What the library does not do itself, so that tests can do without network, GPU and libtorch.</summary>
internal sealed record ModelSteps(FetchModel Fetch, LookAtHub Look, LoadModel Load, PlanMemory Plan, ReadDeviceMemory ReadMemory);
