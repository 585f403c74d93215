namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>What stands beside the first reading.</summary>
internal enum Comparison
{
    None,

    /// <summary>Another text, read by the same model.</summary>
    SecondText,

    /// <summary>The same text, read by another model.</summary>
    SecondModel,
}
