using System.Globalization;

namespace Kl3m.Trainer;

/// <summary>The words after a verb: values in order, and options as <c>--name value</c>. What nobody asked for is an error.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> options = [];
    private readonly List<string> values = [];
    private readonly HashSet<string> known = [];
    private int taken;

    public Arguments(IReadOnlyList<string> words)
    {
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal))
            {
                values.Add(words[i]);
                continue;
            }
            var name = words[i][2..];
            if (i + 1 == words.Count)
            {
                throw new UsageException($"--{name} needs a value.");
            }
            if (!options.TryAdd(name, words[++i]))
            {
                throw new UsageException($"--{name} is given twice.");
            }
        }
    }

    public string Value(string what) => taken < values.Count ? values[taken++] : throw new UsageException($"{what} is missing.");

    public string? Text(string name)
    {
        known.Add(name);
        return options.GetValueOrDefault(name);
    }

    public string Required(string name) => Text(name) ?? throw new UsageException($"--{name} is missing.");

    public T Number<T>(string name, T absent, T min) where T : struct, IParsable<T>, IComparable<T> => Number<T>(name, min) ?? absent;

    public T? Number<T>(string name, T min) where T : struct, IParsable<T>, IComparable<T>
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        return T.TryParse(text, CultureInfo.InvariantCulture, out var number) && number.CompareTo(min) >= 0
            ? number
            : throw new UsageException($"--{name} must be a number of at least {min}, not \"{text}\".");
    }

    /// <summary>One of a few words; the first where it is not given.</summary>
    public string Choice(string name, string[] words)
    {
        var word = Text(name) ?? words[0];
        return words.Contains(word) ? word : throw new UsageException($"--{name} must be {string.Join(" or ", words)}, not \"{word}\".");
    }

    /// <summary>Call once everything has been asked for.</summary>
    public void End()
    {
        if (options.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown)
        {
            throw new UsageException($"--{unknown} is unknown here; known are {string.Join(", ", known.Order().Select(name => "--" + name))}.");
        }
        if (taken < values.Count)
        {
            throw new UsageException($"\"{values[taken]}\" is one word too many.");
        }
    }
}

/// <summary>The command line is wrong; the message says what and how it would be right.</summary>
internal sealed class UsageException(string message) : Exception(message);
