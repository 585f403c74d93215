using System.Globalization;
using System.Text;
using Kl3m.Trainer.Training;

namespace Kl3m.Trainer.Export;

/// <summary>The training loss over the tokens read, as an SVG that reads well on light and dark pages.</summary>
internal static class TrainingCurve
{
    private const double Width = 720, Height = 360, Left = 56, Right = 16, Top = 40, Bottom = 48;
    private const int Points = 200;

    public static string Svg(IReadOnlyList<TrainingLog.Entry> log)
    {
        var points = Means(log);
        var (most, low, high) = (points.Max(p => p.Tokens), Math.Floor(points.Min(p => p.Loss)), Math.Ceiling(points.Max(p => p.Loss)));
        high = Math.Max(high, low + 1);
        double X(double tokens) => Left + (Width - Left - Right) * tokens / most;
        double Y(double loss) => Top + (Height - Top - Bottom) * (high - loss) / (high - low);

        var svg = new StringBuilder();
        void Add(FormattableString line) => svg.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"#1f2937\" role=\"img\">");
        Add($"<title>Training loss over tokens: {points[0].Loss:F2} to {points[^1].Loss:F2} nats per token</title>");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" rx=\"8\" fill=\"#ffffff\"/>");
        Add($"<text x=\"{Left}\" y=\"24\" font-weight=\"600\">Training loss, nats per token</text>");
        for (var loss = low; loss <= high; loss++)
        {
            Add($"<path d=\"M{Left} {Y(loss):F1}H{Width - Right}\" stroke=\"#e5e7eb\"/><text x=\"{Left - 8}\" y=\"{Y(loss) + 4:F1}\" text-anchor=\"end\">{loss:F0}</text>");
        }
        for (var i = 0; i <= 4; i++)
        {
            var tokens = most * i / 4.0;
            Add($"<text x=\"{X(tokens):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{tokens / 1e6:0.##}</text>");
        }
        Add($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">million tokens</text>");
        var path = string.Join(' ', points.Select(p => string.Create(CultureInfo.InvariantCulture, $"{X(p.Tokens):F1},{Y(p.Loss):F1}")));
        Add($"<polyline points=\"{path}\" fill=\"none\" stroke=\"#1d4ed8\" stroke-width=\"2\" stroke-linejoin=\"round\"/>");
        Add($"<text x=\"{X(most):F1}\" y=\"{Y(points[^1].Loss) - 8:F1}\" text-anchor=\"end\" fill=\"#1d4ed8\">{points[^1].Loss:F2}</text>");
        return svg.AppendLine("</svg>").ToString();
    }

    /// <summary>Means over equally many steps.</summary>
    private static List<(double Tokens, double Loss)> Means(IReadOnlyList<TrainingLog.Entry> log) =>
        [.. log.Chunk(Math.Max(1, log.Count / Points)).Select(steps => (steps.Average(e => (double)e.Tokens), steps.Average(e => e.Loss)))];
}
