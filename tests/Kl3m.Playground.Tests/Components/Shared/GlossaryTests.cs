using System.Text.RegularExpressions;
using Kl3m.Playground.Components.Shared;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Components.Shared;

public sealed partial class GlossaryTests
{
    [Fact]
    public void Every_word_that_a_page_asks_for_is_in_the_glossary()
    {
        var pages = Directory.GetFiles(Path.Combine(SharedFolder.Repository, "src", "Kl3m.Playground", "Components"), "*.razor", SearchOption.AllDirectories);
        var asked = pages.SelectMany(page => Asked().Matches(File.ReadAllText(page)).Select(match => match.Groups[1].Value)).Where(word => word[0] != '@').ToHashSet();
        Assert.Superset(new HashSet<string> { "raw probability", "final probability", "rank", "surprisal", "entropy", "perplexity", "bits per byte", "dart u" }, asked);
        Assert.All(asked, word => Assert.NotNull(Glossary.Find(word)));
    }

    [Fact]
    public void Words_and_their_places_are_told_apart()
    {
        Assert.Distinct(Glossary.All.Select(entry => entry.Word));
        Assert.Distinct(Glossary.All.Select(entry => entry.Id));
        Assert.All(Glossary.All, entry => Assert.Contains(entry.Meaning[^1], ".?"));
    }

    [GeneratedRegex("<Term Of=\"([^\"]+)\"")]
    private static partial Regex Asked();
}
