using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// x W^T + b with weights of eight bits: each output's weights are whole multiples, -127 to 127, of a step of its own (symmetric, the largest
/// weight is 127 steps). The inputs are rounded too, each row to multiples of 1/32767 of its largest number, which costs next to nothing beside
/// the weights; products and sums are then exact.
/// </summary>
internal sealed unsafe class Int8Linear : HostLinear
{
    private const float LargestWeight = 127;
    private const float LargestInput = short.MaxValue;

    private readonly int inputs;
    private readonly int padded;
    private readonly int outputs;
    private readonly HostMemory<sbyte> panels;
    private readonly HostMemory<float> steps;
    private readonly HostMemory<float> bias;
    private readonly HostMemory<short> rounded = new();
    private readonly HostMemory<float> scales = new();

    /// <param name="weight">[outputs, inputs], fp32.</param>
    /// <param name="bias">[outputs], fp32, or null.</param>
    public Int8Linear(Tensor weight, Tensor? bias)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        padded = (inputs + 1) / 2 * 2;
        this.bias = HostMemory.Padded(bias, outputs, Int8Panel.Width);
        steps = HostMemory.Padded(null, outputs, Int8Panel.Width);
        panels = new((long)Items * Int8Panel.Width * padded);
        var weights = (nint)PackedLinear.Data(weight);
        Parallel.For(0, Items * Int8Panel.Width, n => Pack(n < outputs ? new((float*)weights + (long)n * inputs, inputs) : [], n));
    }

    public override double BytesPerWeight => 1;

    public override int Items => (outputs + Int8Panel.Width - 1) / Int8Panel.Width;

    public override void Begin(float* x, int rows, float* y)
    {
        base.Begin(x, rows, y);
        rounded.Reserve((long)rows * padded);
        scales.Reserve(rows);
    }

    public override void Take(int row) =>
        scales.Start[row] = Int8Panel.Round(X + (long)row * inputs, inputs, LargestInput, rounded.Start + (long)row * padded, padded);

    public override void Do(int item)
    {
        var first = item * Int8Panel.Width;
        Int8Panel.Multiply(
            PanelAt(item), steps.Start + first, bias.Start + first, rounded.Start, scales.Start, padded, Rows, Y + first, outputs, Math.Min(Int8Panel.Width, outputs - first));
    }

    public override void Dispose()
    {
        panels.Dispose();
        steps.Dispose();
        bias.Dispose();
        rounded.Dispose();
        scales.Dispose();
    }

    private void Pack(ReadOnlySpan<float> weights, int output)
    {
        var largest = 0f;
        foreach (var value in weights)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }
        steps.Start[output] = largest / LargestWeight;
        Int8Panel.Pack(weights, largest == 0 ? 0 : LargestWeight / largest, padded, output % Int8Panel.Width, PanelAt(output / Int8Panel.Width));
    }

    private sbyte* PanelAt(int index) => panels.Start + (long)index * Int8Panel.Width * padded;
}
