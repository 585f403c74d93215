using System.Globalization;

namespace Kl3m.Playground.Components.Shared;

/// <summary>
/// Numbers as every page writes them: the same in every culture, never "0%" for what can happen, and no more digits than say something.
/// What is not known (NaN) is a dash.
/// </summary>
internal static class Numbers
{
    public const string Unknown = "–";

    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;
    private static readonly string[] Words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

    /// <summary>A share of 1 in percent: 22.7%, 0.80%, &lt;0.01% below 0.0001, &gt;99.9% for what rounds to all but is not.</summary>
    public static string Share(double share) => Percent(share, "%", "<", ">");

    /// <summary>The same for the ear: "22.7 percent", "less than 0.01 percent".</summary>
    public static string SpokenShare(double share) => Percent(share, " percent", "less than ", "more than ");

    /// <summary>Natural log of a probability to the probability, in double so that sums of many stay exact enough to subtract.</summary>
    public static double Probability(float logprob) => Math.Exp(logprob);

    /// <summary>Two decimals, without the unit.</summary>
    public static string Bits(double bits) =>
        double.IsNaN(bits) ? Unknown : double.IsPositiveInfinity(bits) ? "∞" : (Math.Round(bits, 2) + 0.0).ToString("N2", Culture);

    /// <summary>Three decimals, without the unit: bits per byte lie between 0.3 and 3.</summary>
    public static string BitsPerByte(double bits) => double.IsFinite(bits) ? bits.ToString("N3", Culture) : Unknown;

    /// <summary>Thousands with commas.</summary>
    public static string Count(long count) => count.ToString("N0", Culture);

    /// <summary>A place on the ruler from 0 to 1, four decimals.</summary>
    public static string Place(double u) => u.ToString("F4", Culture);

    /// <summary>The dart, which never reaches 1 and so is never written as 1.</summary>
    public static string Dart(double u) => Place(Math.Min(u, 0.9999));

    public static string Perplexity(double perplexity) => perplexity < 1000 ? Bits(perplexity) : double.IsFinite(perplexity) ? perplexity.ToString("N0", Culture) : "∞";

    /// <summary>A setting as a person would write it: 0.95, 50, 1.</summary>
    public static string Setting(double value) => Math.Round(value, 4).ToString("#,0.####", Culture);

    public static string Rate(double tokensPerSecond) => $"{tokensPerSecond.ToString(tokensPerSecond < 9.95 ? "N1" : "N0", Culture)} tokens/s";

    public static string Duration(TimeSpan duration) => duration switch
    {
        { TotalMilliseconds: < 999.5 } => $"{duration.TotalMilliseconds.ToString("N0", Culture)} ms",
        { TotalSeconds: < 59.95 } => $"{duration.TotalSeconds.ToString("N1", Culture)} s",
        _ => $"{Math.Floor(duration.TotalMinutes).ToString("N0", Culture)} min {duration.Seconds} s",
    };

    /// <summary>"1 token", "4,046 tokens".</summary>
    public static string Of(long count, string one, string? many = null) => $"{Count(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary>Small numbers as words, others as digits.</summary>
    public static string Word(int number) => number >= 0 && number < Words.Length ? Words[number] : Count(number);

    /// <summary>The same at the start of a sentence.</summary>
    public static string StartWord(int number) => Word(number) is var word ? char.ToUpperInvariant(word[0]) + word[1..] : "";

    /// <summary>1st, 2nd, 3rd, 4th, 11th, 21st.</summary>
    public static string Ordinal(int number) => Count(number) + ((number % 100, number % 10) switch
    {
        (>= 11 and <= 13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    });

    /// <summary>For CSS: a share of 1 as a percentage, clamped to the axis.</summary>
    public static string Css(double share) => (double.IsNaN(share) ? 0 : Math.Clamp(share, 0, 1) * 100).ToString("0.###", Culture) + "%";

    private static string Percent(double share, string unit, string less, string more)
    {
        if (double.IsNaN(share))
        {
            return Unknown;
        }
        if (share < 0.0001)
        {
            return $"{less}0.01{unit}";
        }
        if (share >= 1)
        {
            return $"100{unit}";
        }
        var percent = share * 100;
        if (Math.Round(percent, 1, MidpointRounding.AwayFromZero) >= 100)
        {
            return $"{more}99.9{unit}";
        }
        var below1 = Math.Round(percent, 2, MidpointRounding.AwayFromZero) < 1;
        return percent.ToString(below1 ? "F2" : "F1", Culture) + unit;
    }
}
