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
internal sealed unsafe class PanelLinear : HostLinear
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
        this.bias = HostMemory.Padded(bias, outputs, Panel.Width);
        fixed (byte* source = weight.bytes)
        {
            isNarrow = Panel.IsNarrow(new((float*)source, outputs * inputs));
            panels = new((long)Items * Panel.Width * inputs * (int)BytesPerWeight);
            for (var panel = 0; panel < Items; panel++)
            {
                var rows = Math.Min(Panel.Width, outputs - panel * Panel.Width);
                Panel.Pack((float*)source + (long)panel * Panel.Width * inputs, rows, inputs, PanelAt(panel), isNarrow);
            }
        }
    }

    public override double BytesPerWeight => isNarrow ? 2 : 4;

    public override int Items => (outputs + Panel.Width - 1) / Panel.Width;

    public override void Do(int item)
    {
        var first = item * Panel.Width;
        var width = Math.Min(Panel.Width, outputs - first);
        if (isNarrow)
        {
            Panel.Multiply<ushort>(PanelAt(item), bias.Start + first, X, inputs, Rows, Y + first, outputs, width);
        }
        else
        {
            Panel.Multiply<float>(PanelAt(item), bias.Start + first, X, inputs, Rows, Y + first, outputs, width);
        }
    }

    public override void Dispose()
    {
        panels.Dispose();
        bias.Dispose();
    }

    private byte* PanelAt(int index) => panels.Start + (long)index * Panel.Width * inputs * (int)BytesPerWeight;
}
