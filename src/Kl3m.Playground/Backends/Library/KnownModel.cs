using Kl3m.Inference.Models;

namespace Kl3m.Playground.Backends.Library;

/// <summary>
/// A model of the KL3M family, known before anything of it is here: facts from its config.json, its index of weights and its card on the hub.
/// </summary>
/// <param name="PublishedBytes">Of the weights as they are published, from the index or else from config.json; the hub says it exactly.</param>
public sealed record KnownModel(string Id, string Sentence, GptNeoXConfig Config, long PublishedBytes, string PublishedDtype)
{
    public const string Licence = "CC BY 4.0";
    public const string LicenceAddress = "https://creativecommons.org/licenses/by/4.0/";
    public const string Author = "ALEA Institute";

    /// <summary>Its card.</summary>
    public string Address => $"https://huggingface.co/{Id}";

    public static IReadOnlyList<KnownModel> All { get; } =
    [
        new("alea-institute/kl3m-003-1.7b", "The model this playground is for: law, regulation, finance.",
            Shape(hidden: 2048, layers: 32, heads: 32, inner: 8192, context: 8192), 6_982_746_112, "fp32"),
        new("alea-institute/kl3m-002-170m", "The small sibling: the same tokenizer, quick on any laptop.", Small, 671_752_192, "fp32"),
        new("alea-institute/kl3m-002-170m-patent", "The small one, tuned on patents. Prompts are Markdown: # Patent", Small, 671_752_192, "fp32"),
    ];

    public static KnownModel? Find(string id) => All.FirstOrDefault(model => model.Id == id);

    private static GptNeoXConfig Small => Shape(hidden: 1024, layers: 16, heads: 16, inner: 1024, context: 4096);

    private static GptNeoXConfig Shape(int hidden, int layers, int heads, int inner, int context) => new()
    {
        VocabSize = 32_768,
        HiddenSize = hidden,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        IntermediateSize = inner,
        MaxPositionEmbeddings = context,
    };
}
