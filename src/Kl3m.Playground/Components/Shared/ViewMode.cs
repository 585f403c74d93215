namespace Kl3m.Playground.Components.Shared;

/// <summary>How a continuation is shown.</summary>
public enum ViewMode
{
    Tokens,
    Text,
    Markdown,

    /// <summary>All branches, where the page has some.</summary>
    Tree,
}
