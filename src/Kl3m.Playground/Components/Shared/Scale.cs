namespace Kl3m.Playground.Components.Shared;

/// <summary>The values that a slider stops at, ascending but for an "off" that may end them. A number field may hold any value between.</summary>
public sealed class Scale(IReadOnlyList<double> stops, bool endsWithOff = false)
{
    public IReadOnlyList<double> Stops { get; } = stops;

    public int Last => Stops.Count - 1;

    public static Scale Linear(double low, double high, double step) =>
        new([.. Enumerable.Range(0, (int)Math.Round((high - low) / step) + 1).Select(i => Math.Round(low + i * step, 4))]);

    /// <summary>About ten stops for each factor of ten, 1 to <paramref name="high"/>, then "off", which is 0.</summary>
    public static Scale DecadesThenOff(int high)
    {
        double[] mantissas = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8];
        var stops = Enumerable.Range(0, 10).SelectMany(power => mantissas.Select(mantissa => mantissa * Math.Pow(10, power)));
        return new([.. stops.Where(stop => stop < high && stop == Math.Floor(stop)), high, 0], endsWithOff: true);
    }

    /// <summary>Two or three stops for each factor of two, 1 to <paramref name="high"/>.</summary>
    public static Scale Octaves(int high)
    {
        double[] mantissas = [1, 1.25, 1.5];
        var stops = Enumerable.Range(0, 24).SelectMany(power => mantissas.Select(mantissa => mantissa * Math.Pow(2, power)))
            .Where(stop => stop == Math.Floor(stop) && (stop >= 128 || stop % 5 != 0));
        return new([.. stops.Where(stop => stop < high), high]);
    }

    /// <summary>The stop nearest to a value.</summary>
    public int IndexOf(double value)
    {
        if (endsWithOff && value == Stops[^1])
        {
            return Last;
        }
        var nearest = 0;
        for (var i = 1; i < Stops.Count - (endsWithOff ? 1 : 0); i++)
        {
            if (Math.Abs(Stops[i] - value) < Math.Abs(Stops[nearest] - value))
            {
                nearest = i;
            }
        }
        return nearest;
    }
}

/// <summary>A stretch of a scale with a word for it, from the stop nearest to <paramref name="From"/> to the next zone.</summary>
public readonly record struct Zone(double From, string Word);
