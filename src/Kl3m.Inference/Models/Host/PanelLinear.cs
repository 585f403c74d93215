using TorchSharp;
using static TorchSharp.torch;

namespace Kl3m.Inference.Models.Host;

/// <summary>
/// x W^T + b in fp32. The weights lie in panels of 64 outputs, [outputs / 64, in, 64], which are read from end to end. Weights that bf16 holds
/// exactly (those of a model that was saved in it) are kept in bf16 and widened as they are read: half the memory to read, the same result.
/// </summary>
/// <remarks>
/// Every output is one chain of fused multiply-adds over the inputs in their order, then the bias: a row's result does not depend on the
/// rows beside it.
/// </remarks>
internal sealed unsafe class PanelLinear : IDisposable
{
    private readonly int inputs;
    private readonly int outputs;
    private readonly HostMemory<byte> panels;
    private readonly HostMemory<float> bias;
    private readonly bool isNarrow;

    /// <param name="weight">[outputs, inputs], fp32.</param>
    /// <param name="bias">[outputs], fp32, or null.</param>
    public PanelLinear(Tensor weight, Tensor? bias)
    {
        (outputs, inputs) = ((int)weight.shape[0], (int)weight.shape[1]);
        var padded = (outputs + Panel.Width - 1) / Panel.Width * Panel.Width;
        this.bias = new(padded);
        new Span<float>(this.bias.Start, padded).Clear();
        bias?.data<float>().CopyTo(new Span<float>(this.bias.Start, outputs));
        fixed (byte* source = weight.bytes)
        {
            isNarrow = Panel.IsNarrow(new((float*)source, outputs * inputs));
            panels = new((long)padded * inputs * BytesPerWeight);
            for (var panel = 0; panel < padded / Panel.Width; panel++)
            {
                var rows = Math.Min(Panel.Width, outputs - panel * Panel.Width);
                Panel.Pack((float*)source + (long)panel * Panel.Width * inputs, rows, inputs, PanelAt(panel), isNarrow);
            }
        }
    }

    public int Outputs => outputs;

    public int BytesPerWeight => isNarrow ? 2 : 4;

    /// <param name="x">[rows, inputs].</param>
    /// <param name="y">[rows, outputs].</param>
    public void Apply(float* x, int rows, float* y)
    {
        for (var first = 0; first < outputs; first += Panel.Width)
        {
            var panel = PanelAt(first / Panel.Width);
            var width = Math.Min(Panel.Width, outputs - first);
            if (isNarrow)
            {
                Panel.Multiply<ushort>(panel, bias.Start + first, x, inputs, rows, y + first, outputs, width);
            }
            else
            {
                Panel.Multiply<float>(panel, bias.Start + first, x, inputs, rows, y + first, outputs, width);
            }
        }
    }

    public void Dispose()
    {
        panels.Dispose();
        bias.Dispose();
    }

    private byte* PanelAt(int index) => panels.Start + (long)index * Panel.Width * inputs * BytesPerWeight;
}
