using System.Text;
using Kl3m.Inference;
using Kl3m.Inference.Models;
using Kl3m.Inference.Tokenization;
using Kl3m.Inference.Weights;
using Kl3m.Trainer.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Trainer.Evaluation;

/// <summary>
/// Scores whole documents with a sliding window: every token once, each with at least context - stride tokens before it where the
/// document has as many. A document starts with its border, <c>&lt;|end|&gt;</c>, as in training; the border itself is not scored.
/// </summary>
internal sealed class Evaluator(GptNeoXModel model, Tokenizer tokenizer, int end, int stride, int threads)
{
    /// <summary>Windows of equal length that are run together.</summary>
    private const int Batch = 4;

    private readonly int context = model.Config.MaxPositionEmbeddings;

    /// <summary>Loads a model folder as it is trained: weights in fp32, linears multiplied in the type given.</summary>
    /// <exception cref="Kl3m.Inference.ModelFileException">A file is not what it should be.</exception>
    public static GptNeoXModel Load(string folder, ScalarType compute)
    {
        using var noGrad = no_grad();
        using var checkpoint = Checkpoint.Open(folder);
        var config = GptNeoXConfig.Load(folder);
        var model = new GptNeoXModel(config, (name, shape) => checkpoint.Take(name, shape, ScalarType.Float32, CPU), compute);
        checkpoint.EnsureAllTaken();
        return model;
    }

    public Score Run(CorpusFile file)
    {
        var text = file.ReadBytes();
        var documents = file.Documents().ToList();
        var windows = documents.SelectMany(document => Windows([end, .. tokenizer.Encode(document)], context, stride)).ToList();
        var batches = windows.GroupBy(window => window.Ids.Length).SelectMany(group => group.Chunk(Batch)).ToArray();
        var nats = new double[batches.Length];
        model.Rotary.Range(0, context); // made here, outside of every scope, the tables outlive the batches
        Parallel.For(0, batches.Length, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            set_num_threads(1);
            nats[i] = Nats(batches[i]);
        });
        var (tokens, bytes) = (windows.Sum(window => window.Scored), documents.Sum(Encoding.UTF8.GetByteCount));
        return new(file.Kind, tokens, nats.Sum(), bytes, text.Length, CorpusFile.XzLength(text));
    }

    /// <param name="Ids">What the model reads, and the last target behind it.</param>
    /// <param name="Scored">How many of the last targets are scored here.</param>
    internal readonly record struct Window(long[] Ids, int Scored);

    internal static IEnumerable<Window> Windows(long[] ids, int context, int stride) =>
        SlidingWindow.Over(ids.Length, context, stride).Select(window => new Window(ids[window.Begin..window.End], window.Scored));

    private double Nats(Window[] batch)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var length = batch[0].Ids.Length - 1;
        var ids = tensor(batch.SelectMany(window => window.Ids).ToArray(), [batch.Length, length + 1]);
        var logits = model.Forward(ids.narrow(1, 0, length));
        return batch.Select((window, row) =>
        {
            using var inner = NewDisposeScope();
            var scored = logits[row].narrow(0, length - window.Scored, window.Scored).to(ScalarType.Float32);
            var targets = ids[row].narrow(0, length + 1 - window.Scored, window.Scored);
            return (double)nn.functional.cross_entropy(scored, targets, reduction: nn.Reduction.Sum).item<float>();
        }).Sum();
    }
}
