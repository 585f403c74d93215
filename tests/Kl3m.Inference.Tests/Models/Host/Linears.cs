using Kl3m.Inference.Models.Host;

namespace Kl3m.Inference.Tests.Models.Host;

internal static unsafe class Linears
{
    public static float[] Apply(HostLinear linear, float[] x, int inputs, int outputs)
    {
        using var team = new Team(1, () => "");
        var rows = x.Length / inputs;
        var y = new float[rows * outputs];
        fixed (float* source = x, target = y)
        {
            linear.Begin(source, rows, target);
            for (var row = 0; row < rows; row++)
            {
                linear.Take(row);
            }
            team.Run(linear);
        }
        return y;
    }
}
