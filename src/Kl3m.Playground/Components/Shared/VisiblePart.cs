namespace Kl3m.Playground.Components.Shared;

/// <summary>A stretch of a token as it is drawn.</summary>
/// <param name="Text">What is drawn; for a break, one character for each line that ends.</param>
public readonly record struct VisiblePart(VisibleKind Kind, string Text);

/// <summary>How a stretch of a token is drawn. The values are the letters by which the browser module knows them.</summary>
public enum VisibleKind
{
    Plain = '=',

    /// <summary>White space that would not be seen or not be counted: <c>␣×97</c>, <c>⏎</c>.</summary>
    Space = 's',

    /// <summary>Here the line ends.</summary>
    Break = 'n',

    /// <summary>Bytes that are only part of a character, or a character that cannot be seen.</summary>
    Hidden = 'h',

    /// <summary>The name of a special token.</summary>
    Special = 'x',
}
