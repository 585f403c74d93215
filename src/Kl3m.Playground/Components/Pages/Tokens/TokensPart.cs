using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Tokens;

/// <summary>A part of the Tokens page.</summary>
public abstract class TokensPart : PagePart
{
    [Inject]
    internal TokensState State { get; set; } = null!;

    protected override event Action? StateChanged
    {
        add => State.Changed += value;
        remove => State.Changed -= value;
    }
}
