using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models;

/// <summary>
/// GPT-NeoX: embedding, layers, final norm, head. Weights bear their Hugging Face names. The same code trains
/// (<see cref="Forward(Tensor)"/>) and runs with a cache; what differs is the attention core that it is given.
/// </summary>
/// <remarks>Checked against transformers' GPTNeoXForCausalLM. Black et al., GPT-NeoX-20B (arXiv 2204.06745).</remarks>
public sealed class GptNeoXModel : IDisposable
{
    private readonly List<(string Name, Tensor Parameter)> parameters = [];
    private readonly Tensor embedding;
    private readonly GptNeoXLayer[] layers;
    private readonly LayerNorm finalNorm;
    private readonly Linear head;

    /// <param name="weights">Gives the tensor of a name and shape; the model disposes it. For training it returns a <see cref="Modules.Parameter"/>.</param>
    /// <param name="compute">The type that linears multiply in; null is the weights' own type.</param>
    /// <exception cref="ModelFileException">The configuration contradicts itself.</exception>
    public GptNeoXModel(GptNeoXConfig config, Func<string, long[], Tensor> weights, ScalarType? compute = null)
    {
        config.Check("config.json");
        Config = config;
        try
        {
            embedding = Register("gpt_neox.embed_in.weight", [config.VocabSize, config.HiddenSize]);
            layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(layer => new GptNeoXLayer(config, layer, Register, compute))];
            finalNorm = new(config, Register("gpt_neox.final_layer_norm.weight", [config.HiddenSize]), Register("gpt_neox.final_layer_norm.bias", [config.HiddenSize]));
            head = new(config.TieWordEmbeddings ? embedding : Register("embed_out.weight", [config.VocabSize, config.HiddenSize]), null, compute);
            Rotary = new(config, embedding.device);
        }
        catch
        {
            parameters.ForEach(pair => pair.Parameter.Dispose());
            throw;
        }

        Tensor Register(string name, long[] shape)
        {
            var parameter = weights(name, shape);
            parameters.Add((name, parameter));
            return parameter;
        }
    }

    public GptNeoXConfig Config { get; }

    /// <summary>Every weight once, in the order of the layers; a tied head is the embedding and not listed.</summary>
    public IReadOnlyList<(string Name, Tensor Parameter)> Parameters => parameters;

    internal Rotary Rotary { get; }

    /// <summary>Tests look at intermediate values through this; null otherwise.</summary>
    internal Action<string, Tensor>? Observe { get; set; }

    /// <summary>Logits at every position of a dense batch, each sequence attending to itself from left to right.</summary>
    /// <param name="ids">[B, T], int64, on the model's device.</param>
    /// <returns>[B, T, vocabulary], in the type that linears multiply in; gradients flow to the weights unless they are off.</returns>
    public Tensor Forward(Tensor ids)
    {
        var (batch, length) = (ids.shape[0], ids.shape[1]);
        using var angles = Rotary.Range(0, (int)length);
        using var flat = ids.reshape(-1);
        using var hidden = Hidden(flat, (_, qkv) => DenseAttention(qkv, batch, length, angles));
        using var logits = Head(hidden);
        return logits.view(batch, length, Config.VocabSize);
    }

    /// <summary>Runs the layers over tokens, of whichever sequences.</summary>
    /// <param name="ids">[N], int64.</param>
    /// <returns>[N, hidden], before the final norm.</returns>
    internal Tensor Hidden(Tensor ids, AttentionCore core)
    {
        var hidden = embedding.index_select(0, ids);
        Observe?.Invoke("embed_in", hidden);
        foreach (var layer in layers)
        {
            var input = hidden;
            try
            {
                hidden = layer.Forward(input, core, Observe);
            }
            finally
            {
                input.Dispose();
            }
        }
        return hidden;
    }

    /// <summary>Final norm and head: [N, hidden] to logits [N, vocabulary].</summary>
    internal Tensor Head(Tensor hidden)
    {
        using var normed = finalNorm.Apply(hidden);
        Observe?.Invoke("final_layer_norm_out", normed);
        return head.Apply(normed);
    }

    /// <summary>
    /// Lays the weights of all linears out for inference and frees the plain ones, layer by layer. From here on the model can neither
    /// be trained nor saved.
    /// </summary>
    internal void Pack()
    {
        Array.ForEach(layers, layer => layer.Pack());
        head.Pack(keep: Config.TieWordEmbeddings);
    }

    public void Dispose()
    {
        Rotary.Dispose();
        Array.ForEach(layers, layer => layer.Dispose());
        head.Dispose();
        parameters.ForEach(pair => pair.Parameter.Dispose());
    }

    private Tensor DenseAttention(Tensor qkv, long batch, long length, Rotary.Table angles)
    {
        var (heads, dim) = (Config.NumAttentionHeads, Config.HeadDim);
        // The weights lie head by head, each head its query, key and value: [B * T, H, 3, D].
        using var split = qkv.view(batch, length, heads, 3, dim);
        using var turned = Rotary.Apply(split, angles, qkv.dtype);
        using var byRole = turned.permute(3, 0, 2, 1, 4);
        using var q = byRole.select(0, 0);
        using var k = byRole.select(0, 1);
        using var v = byRole.select(0, 2);
        using var attended = BlockAttention.IsFaster(q) ? BlockAttention.Causal(q, k, v) : nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true);
        using var byToken = attended.transpose(1, 2);
        return byToken.reshape(batch * length, heads * dim);
    }
}
