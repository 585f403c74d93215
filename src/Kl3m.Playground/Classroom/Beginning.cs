using Kl3m.Inference;

namespace Kl3m.Playground.Classroom;

/// <summary>Texts that a class can be asked about: the next word is worth a guess.</summary>
internal static class Beginning
{
    private const int Shown = 46;

    public static IReadOnlyList<string> All { get; } =
    [
        "This Agreement shall be governed by and construed in accordance with the laws of the State of ",
        "IN WITNESS WHEREOF, the parties hereto have executed this ",
        "The Company has filed this report with the Securities and Exchange ",
        "Forward-looking statements involve risks and ",
        "No amendment of this Agreement shall be valid unless it is in ",
        "The court granted the motion to ",
    ];

    /// <summary>
    /// The text as a model has learned to go on with it. A tokenizer makes the space before a word a token of its own (KL3M's), and then it belongs
    /// to the beginning, or a part of the word: behind a lone space such a model expects the middle of a word. Words of the teacher's own stay as they are.
    /// </summary>
    public static async ValueTask<string> ForAsync(ITextGenerator generator, string text) =>
        All.Contains(text) && (await generator.TokenizeAsync(" the")).Count == 1 ? text.TrimEnd() : text;

    /// <summary>Its end, from a word's beginning on.</summary>
    public static string Short(string text)
    {
        var whole = text.TrimEnd();
        return whole.Length <= Shown ? whole : "… " + whole[(whole.IndexOf(' ', whole.Length - Shown) + 1)..];
    }
}
