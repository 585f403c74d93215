using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Shared;

/// <summary>A key on a token: a digit takes the alternative of that rank, <c>b</c> branches, <c>l</c> opens the lab.</summary>
public sealed record TokenKey(SelectedToken Token, string Key);
