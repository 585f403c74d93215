using Kl3m.Inference.Sampling;

namespace Kl3m.Inference.Engine;

/// <summary>The buffer that a step's logits go to, and the samplers that read them, several rows at a time on several cores.</summary>
internal sealed class LogitsReader(int vocabularySize, int threads)
{
    private readonly Sampler?[] samplers = new Sampler?[threads];
    private float[] logits = [];

    public Span<float> Buffer(int rows)
    {
        if (logits.Length < rows * vocabularySize)
        {
            logits = GC.AllocateUninitializedArray<float>(rows * vocabularySize);
        }
        return logits.AsSpan(0, rows * vocabularySize);
    }

    public void Read(IReadOnlyList<LogitRow> rows)
    {
        if (rows.Count <= 1 || samplers.Length == 1)
        {
            ReadEvery(1, 0);
            return;
        }
        var workers = Math.Min(samplers.Length, rows.Count);
        Parallel.For(0, workers, worker => ReadEvery(workers, worker));

        void ReadEvery(int stride, int first)
        {
            var sampler = samplers[first] ??= new(vocabularySize);
            for (var i = first; i < rows.Count; i += stride)
            {
                rows[i].Read(sampler, logits, vocabularySize);
            }
        }
    }
}
