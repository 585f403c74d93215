namespace Kl3m.Playground.Components.Shared;

/// <summary>The words of this house: each means one thing everywhere, here and in every number's place.</summary>
internal static class Glossary
{
    public static IReadOnlyList<GlossaryEntry> All { get; } =
    [
        new("token", "What the model reads and writes: a word, a part of one, a space. In this family of models a word is about two."),
        new("raw probability", "The model's own share for a token, over its whole vocabulary, before any setting touches it.", "softmax of the logits"),
        new("final probability", "The share after temperature and all cuts: what the token was drawn from."),
        new("rank", "The place among the raw probabilities; 1 is the most likely token, the model's favourite."),
        new("surprisal", "How unexpected a token was, in bits: 1 bit is a coin toss, 10 bits one in a thousand.", "−log₂ of the raw probability"),
        new("entropy", "How open the model found this place: the mean surprisal that it had to expect here, in bits.", "−Σ p log₂ p over the raw distribution"),
        new("perplexity", "As if so many tokens were equally likely each time. It depends on the tokenizer and on the recipe, which is named beside it.", "e to the mean natural surprisal of the scored tokens"),
        new("bits per byte", "What the text costs the model for each of its bytes: this compares models with different tokenizers.", "total surprisal in bits ÷ UTF-8 bytes of the scored tokens"),
        new("mean bits", "The mean surprisal of the tokens, in bits per token.", "log₂ of the perplexity"),
        new("dart u", "The random number from 0 to 1 that chose the token. Seed, continuation and place decide it, and nothing else: other settings, same dart."),
        new("temperature", "Divides the scores before they become probabilities: below 1 the favourites gain, above 1 they lose, 0 always takes the first."),
        new("top-k", "Keeps the k most likely tokens and cuts the rest."),
        new("top-p", "Keeps the fewest tokens whose probabilities together reach p, and cuts the rest."),
        new("min-p", "Cuts tokens that are less likely than this share of the favourite."),
        new("context", "The most tokens that prompt and continuation may have together: what the model can see."),
        new("stride", "How far one window of a long text lies from the next; the rest of a window is there to be read before."),
        new("calibration", "Whether shares can be taken at their word: of the places where the model gave its favourite 70%, did it come in 70%?"),
        new("base model", "Continues text. It was not taught to follow instructions, to answer, or to be right."),
    ];

    public static GlossaryEntry? Find(string? word) => All.FirstOrDefault(entry => entry.Word == word);
}

/// <param name="Formula">How it is computed, where that is a formula.</param>
internal sealed record GlossaryEntry(string Word, string Meaning, string? Formula = null)
{
    /// <summary>The entry's element in the glossary.</summary>
    public string Id => "word-" + Word.Replace(' ', '-');
}
