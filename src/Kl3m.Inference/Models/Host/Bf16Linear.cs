using Kl3m.Inference.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// x W^T + b in bf16 with fp32 sums, by oneDNN (<see cref="PackedLinear"/>), whose use of the processor's bf16 products .NET has no words for; few
/// rows go through <see cref="Bf16Panel"/>. The outputs are cut into slices, each a product of its own on one thread, so that oneDNN's threads
/// and this model's do not get in each other's way.
/// </summary>
internal sealed unsafe class Bf16Linear : HostLinear
{
    /// <summary>What a slice holds at least: a call of oneDNN takes some 20 microseconds, whatever it computes.</summary>
    private const long SliceBytes = 16 << 20;

    private readonly int inputs;
    private readonly int outputs;
    private readonly Slice[] slices;
    private readonly Slice[] sliceOfPanel;
    private readonly HostMemory<ushort> narrow = new();
    private readonly HostMemory<float> rounded;
    private readonly bool readsPanels;
    private Tensor? x;

    /// <param name="weight">[outputs, inputs], bf16.</param>
    /// <param name="bias">[outputs], bf16, or null.</param>
    /// <param name="threads">That share the work.</param>
    public Bf16Linear(Tensor weight, Tensor? bias, int threads)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        rounded = new((long)Bf16Panel.MostRows * inputs);
        var count = (int)Math.Max(1, (long)outputs * inputs * 2 / SliceBytes);
        count = Math.Min((count + threads - 1) / threads * threads, Math.Max(1, outputs / Bf16Panel.Width));
        slices = new Slice[count];
        var isAsExpected = inputs % 2 == 0 && outputs % Bf16Panel.Width == 0;
        for (var i = 0; i < count; i++)
        {
            var first = Start(i);
            using var part = weight.narrow(0, first, Start(i + 1) - first);
            using var partBias = bias?.narrow(0, first, Start(i + 1) - first);
            slices[i] = new(first, part, partBias);
            isAsExpected = isAsExpected && slices[i].LiesInPanels(part);
        }
        sliceOfPanel = [.. Enumerable.Range(0, outputs / Bf16Panel.Width).Select(panel => Array.FindLast(slices, slice => slice.First <= panel * Bf16Panel.Width)!)];
        readsPanels = isAsExpected && PanelsGiveTheSameBits();

        // Whole panels, but for the last.
        int Start(int i) => i == count ? outputs : (int)((long)outputs * i / count / Bf16Panel.Width * Bf16Panel.Width);
    }

    /// <summary>Whether few rows take the faster way; the bits are the same either way.</summary>
    public bool ReadsPanels => readsPanels;

    public override double BytesPerWeight => 2;

    /// <summary>Panels are shared out one by one: a thread that comes late then costs little.</summary>
    public override int Items => TakesPanels ? outputs / Bf16Panel.Width : slices.Length;

    private bool TakesPanels => readsPanels && Rows <= Bf16Panel.MostRows;

    public override void Begin(float* x, int rows, float* y)
    {
        var isOther = rows != Rows;
        base.Begin(x, rows, y);
        if (!TakesPanels && (this.x is null || isOther))
        {
            View();
        }
    }

    public override void Take(int row)
    {
        var to = narrow.Start + (long)row * inputs;
        if (TakesPanels)
        {
            to = (ushort*)(rounded.Start + (long)row * inputs) + inputs;
        }
        Bf16.Narrow(X + (long)row * inputs, inputs, to);
        if (TakesPanels)
        {
            // In place, from the first on: a widened number overwrites none that is still to be read.
            Bf16.Widen(to, inputs, rounded.Start + (long)row * inputs);
        }
    }

    public override void Do(int item)
    {
        if (TakesPanels)
        {
            sliceOfPanel[item].MultiplyPanel(item * Bf16Panel.Width, rounded.Start, inputs, Rows, Y, outputs);
        }
        else
        {
            slices[item].Multiply(x!, Rows, Y, outputs);
        }
    }

    public override void Dispose()
    {
        Array.ForEach(slices, slice => slice.Dispose());
        x?.Dispose();
        narrow.Dispose();
        rounded.Dispose();
    }

    private void View()
    {
        x?.Dispose();
        x = PackedLinear.View(narrow.Reserve((long)Rows * inputs), Rows, inputs);
    }

    /// <summary>Both ways on the same rows: a libtorch that adds in another order is found out here.</summary>
    private bool PanelsGiveTheSameBits()
    {
        const int Count = Bf16Panel.MostRows;
        var random = new Random(1);
        using var input = new HostMemory<float>((long)Count * inputs);
        using var results = new HostMemory<float>(2L * Count * outputs);
        for (var i = 0; i < Count * inputs; i++)
        {
            input.Start[i] = 4 * random.NextSingle() - 2;
        }
        narrow.Reserve((long)Count * inputs);
        Bf16.Narrow(input.Start, Count * inputs, narrow.Start);
        Bf16.Widen(narrow.Start, Count * inputs, rounded.Start);
        base.Begin(input.Start, Count, results.Start);
        View();
        slices[0].Multiply(x!, Count, results.Start, outputs);
        for (var n = 0; n < slices[0].Count; n += Bf16Panel.Width)
        {
            slices[0].MultiplyPanel(n, rounded.Start, inputs, Count, results.Start + Count * outputs, outputs);
        }
        base.Begin(null, 0, null);
        var result = true;
        for (var row = 0; row < Count; row++)
        {
            result &= new Span<float>(results.Start + row * outputs, slices[0].Count).SequenceEqual(new(results.Start + (Count + row) * outputs, slices[0].Count));
        }
        return result;
    }

    /// <summary>Some of the outputs, packed for oneDNN.</summary>
    private sealed class Slice : IDisposable
    {
        private readonly Tensor weight;
        private readonly Tensor? bias;
        private readonly HostMemory<float> wideBias;
        private readonly ushort* panels;

        public Slice(int first, Tensor part, Tensor? partBias)
        {
            First = first;
            Count = (int)part.shape[0];
            weight = PackedLinear.Pack(part);
            bias = partBias?.clone();
            using var wide = partBias?.to(ScalarType.Float32);
            wideBias = HostMemory.Padded(wide, Count, Bf16Panel.Width);
            panels = (ushort*)PackedLinear.PackedData(weight);
            if (panels is not null)
            {
                HugePages.Move(panels, part.NumberOfElements * 2);
            }
        }

        public int First { get; }

        public int Count { get; }

        public void Multiply(Tensor x, int rows, float* y, int stride)
        {
            using var result = PackedLinear.Apply(x, weight, bias);
            var source = (ushort*)PackedLinear.Data(result);
            for (var row = 0; row < rows; row++)
            {
                Bf16.Widen(source + (long)row * Count, Count, y + (long)row * stride + First);
            }
        }

        /// <summary>The 64 outputs from <paramref name="output"/> on, which lie in this slice.</summary>
        public void MultiplyPanel(int output, float* x, int inputs, int rows, float* y, int stride) =>
            Bf16Panel.Multiply(panels + (long)(output - First) * inputs, wideBias.Start + (output - First), x, inputs, rows, y + output, stride);

        /// <summary>Looks at some of the weights: what is not in its place is seen in no time.</summary>
        public bool LiesInPanels(Tensor part)
        {
            if (panels is null)
            {
                return false;
            }
            using var dense = part.contiguous();
            var (plain, inputs) = ((nint)PackedLinear.Data(dense), (int)part.shape[1]);
            var random = new Random(1);
            for (var i = 0; i < 4096; i++)
            {
                var (n, k) = (random.Next(Count), random.Next(inputs));
                var place = (long)(n / Bf16Panel.Width) * Bf16Panel.Width * inputs + k / 2 * 2 * Bf16Panel.Width + n % Bf16Panel.Width * 2 + k % 2;
                if (panels[place] != ((ushort*)plain)[(long)n * inputs + k])
                {
                    return false;
                }
            }
            return true;
        }

        public void Dispose()
        {
            weight.Dispose();
            bias?.Dispose();
            wideBias.Dispose();
        }
    }
}
