namespace Kl3m.Playground.Classroom;

/// <summary>Where this circuit's browser is, for limits that count by address. Told by the page that started the circuit.</summary>
internal sealed class Visitor
{
    public string Address { get; set; } = "unknown";
}
