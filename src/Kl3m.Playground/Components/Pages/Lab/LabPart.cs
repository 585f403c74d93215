using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>A part of the lab that draws itself anew when the state has changed.</summary>
public abstract class LabPart : ComponentBase, IDisposable
{
    [Inject]
    internal LabState State { get; set; } = null!;

    protected override void OnInitialized() => State.Changed += Redraw;

    public virtual void Dispose()
    {
        State.Changed -= Redraw;
        GC.SuppressFinalize(this);
    }

    protected void Redraw() => _ = InvokeAsync(StateHasChanged);

    /// <summary>The token's parts as they are drawn.</summary>
    protected IReadOnlyList<VisiblePart> Parts(int tokenId) => State.Generator is { } generator ? Visible.Alone(DrawnToken.Describe(generator, tokenId)) : [];

    /// <summary>The same as one line of text.</summary>
    protected string Name(int tokenId) => State.Generator is { } generator ? Visible.Name(DrawnToken.Describe(generator, tokenId)) : $"token {tokenId}";
}
