using Kl3m.Inference.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Benchmarks.Throughput;

/// <summary>Sizes of models with random weights: what a step costs does not depend on what the weights are.</summary>
internal static class Shape
{
    /// <summary>The models of that name, the largest also with four of its layers to try things on; the bundled one, and one to try this program with.</summary>
    private static readonly Dictionary<string, GptNeoXConfig> Named = new()
    {
        ["1.7b"] = Of(hidden: 2048, inner: 8192, layers: 32, heads: 32, vocabulary: 32768, context: 8192),
        ["1.7b-4-layers"] = Of(hidden: 2048, inner: 8192, layers: 4, heads: 32, vocabulary: 32768, context: 8192),
        ["170m"] = Of(hidden: 1024, inner: 1024, layers: 16, heads: 16, vocabulary: 32768, context: 4096),
        ["bundled"] = Of(hidden: 256, inner: 1024, layers: 6, heads: 4, vocabulary: 4096, context: 1024),
        ["tiny"] = Of(hidden: 64, inner: 256, layers: 2, heads: 4, vocabulary: 512, context: 1024),
    };

    public static IEnumerable<string> Names => Named.Keys;

    public static GptNeoXConfig Find(string name) => Named[name];

    /// <summary>Normal, as a model is before it is trained: norms are ones, biases small.</summary>
    public static Func<string, long[], Tensor> RandomWeights(ScalarType dtype) => (name, shape) =>
    {
        using var scope = NewDisposeScope();
        var values = (randn(shape, ScalarType.Float32) * Scalars.Of(0.02)).Plus(ones(1) * Scalars.Of(name.Contains("norm.weight", StringComparison.Ordinal) ? 1 : 0));
        // Whatever they are computed in: stored as the released models are.
        return values.to(ScalarType.BFloat16).to(dtype).MoveToOuterDisposeScope();
    };

    private static GptNeoXConfig Of(int hidden, int inner, int layers, int heads, int vocabulary, int context) => new()
    {
        HiddenSize = hidden,
        IntermediateSize = inner,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        VocabSize = vocabulary,
        MaxPositionEmbeddings = context,
    };
}
