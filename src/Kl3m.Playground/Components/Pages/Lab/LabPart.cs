using Kl3m.Playground.Components.Shared;
using Microsoft.AspNetCore.Components;

namespace Kl3m.Playground.Components.Pages.Lab;

/// <summary>A part of the lab, drawn anew by the page around it.</summary>
public abstract class LabPart : ComponentBase
{
    [Inject]
    internal LabState Own { get; set; } = null!;

    /// <summary>The teacher's lab, where it is followed.</summary>
    [CascadingParameter]
    internal LabState? Followed { get; set; }

    internal LabState State => Followed ?? Own;

    /// <summary>The token's parts as they are drawn.</summary>
    protected IReadOnlyList<VisiblePart> Parts(int tokenId) => Visible.Alone(DrawnToken.Describe(State.Writer, tokenId));

    /// <summary>The same as one line of text.</summary>
    protected string Name(int tokenId) => Visible.Name(DrawnToken.Describe(State.Writer, tokenId));
}
