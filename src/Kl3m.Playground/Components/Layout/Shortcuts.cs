namespace Kl3m.Playground.Components.Layout;

/// <summary>Carries the keys that the layout hears to the page that is open.</summary>
internal sealed class Shortcuts
{
    /// <summary>Ctrl+Enter.</summary>
    public const string Generate = "generate";

    public const string Escape = "escape";

    public const string Undo = "undo";

    public const string Redo = "redo";

    /// <summary>Space, where the page has a bar for stepping.</summary>
    public const string Step = "step";

    /// <summary>Stands before a single key: a digit, <c>b</c>, <c>l</c>, + or -.</summary>
    public const string Key = "key:";

    public event Action<string>? Pressed;

    /// <summary>Leaves presentation mode, where it is on; what Escape does when it has nothing else to close.</summary>
    public event Action? Left;

    public void Press(string action) => Pressed?.Invoke(action);

    public void Leave() => Left?.Invoke();
}
