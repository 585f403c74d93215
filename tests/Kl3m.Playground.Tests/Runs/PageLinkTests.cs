using Kl3m.Inference;
using Kl3m.Playground.Runs;
using Kl3m.Tests.Shared;

namespace Kl3m.Playground.Tests.Runs;

public sealed class PageLinkTests
{
    private static readonly SamplingParams Odd = new()
    {
        MaxTokens = 77, Sequences = 3, Temperature = 0.7f, TopK = 50, TopP = 0.95f, MinP = 0.05f, TypicalP = 0.9f, RepetitionPenalty = 1.1f, FrequencyPenalty = -0.5f,
        PresencePenalty = 0.25f, NoRepeatNgramSize = 4, LogitBias = new Dictionary<int, float> { [7] = -2.5f, [12] = 3 }, Seed = ulong.MaxValue, Stop = ["\n\n", "a&b=c#d%e"], StopAtEnd = false,
    };

    [Fact]
    public void A_link_reads_like_the_api()
    {
        var link = new PageLink("", "The term ", new SamplingParams { Temperature = 0.5f, Seed = 7 });
        Assert.Equal("#prompt=The%20term%20&temperature=0.5&seed=7", link.Address);
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        var link = new PageLink("compare", "é & = # % + \n\u202E😀 ",
        [
            new(Odd), new(Odd with { Temperature = 1, Seed = 3, Stop = [], StopAtEnd = true, LogitBias = new Dictionary<int, float>() }, "org/model"), new(new SamplingParams()),
        ]);
        var (read, problems) = PageLink.Read("compare", "http://localhost/" + link.Address);
        Assert.Empty(problems);
        Assert.Equal(link.Prompt, read!.Prompt);
        Assert.Equal(link.Fragment, read.Fragment);
        foreach (var (expected, got) in link.Columns.Zip(read.Columns))
        {
            Assert.Equal(expected.Model, got.Model);
            Assert.Equal(expected.Sampling.Stop, got.Sampling.Stop);
            Assert.Equal(expected.Sampling.LogitBias, got.Sampling.LogitBias);
            var same = new SamplingParams();
            Assert.Equal(expected.Sampling with { Stop = same.Stop, LogitBias = same.LogitBias }, got.Sampling with { Stop = same.Stop, LogitBias = same.LogitBias });
        }
    }

    [Fact]
    public void Pages_have_fields_of_their_own_which_others_do_not_know()
    {
        var lab = new PageLink("lab", "x", [new(Odd), new(Odd with { Temperature = 2 })]) { Written = [5, 0, 12], Sequence = 3 };
        var score = new PageLink("score", "x", new SamplingParams()) { Second = "", Context = 64, Stride = 8, BehindEnd = true };
        Assert.Equal("score#prompt=x&second=&context=64&stride=8&behind_end=true", score.Address);
        foreach (var link in new[] { lab, score })
        {
            var (read, problems) = PageLink.Read(link.Page, link.Address);
            Assert.Empty(problems);
            Assert.Equal(link.Fragment, read!.Fragment);
            Assert.NotEmpty(PageLink.Read("compare", link.Address).Problems);
        }
    }

    [Theory]
    [InlineData("lab", "written=1,x", "must be token ids, such as 12,40, at most 4,096 of them, not “1,x”.")]
    [InlineData("lab", "written=1,-2", "must be token ids, such as 12,40, at most 4,096 of them, not “1,-2”.")]
    [InlineData("lab", "sequence=99999999999", "must be a whole number from 0 up, not “99999999999”.")]
    [InlineData("score", "context=1", "must be a whole number from 2 up, not “1”.")]
    [InlineData("score", "behind_end=yes", "must be true or false, not “yes”.")]
    public void A_mistake_in_a_pages_own_field_is_told(string page, string field, string message)
    {
        var (link, problems) = PageLink.Read(page, "prompt=x&" + field);
        Assert.Equal([new Problem(field.Split('=')[0], message)], problems);
        Assert.Equal("x", link!.Prompt);
    }

    [Theory]
    [InlineData("")]
    [InlineData("http://localhost/about")]
    [InlineData("http://localhost/#main")]
    public void A_place_in_the_page_is_no_link(string address)
    {
        var (link, problems) = PageLink.Read("", address);
        Assert.Null(link);
        Assert.Empty(problems);
    }

    [Theory]
    [InlineData("prompt=x&temperature=warm", "temperature", "must be a number, not “warm”.")]
    [InlineData("prompt=x&temperature=NaN", "temperature", "must be a number, not “NaN”.")]
    [InlineData("prompt=x&top_k=1e3", "top_k", "must be a whole number, not “1e3”.")]
    [InlineData("prompt=x&seed=-1", "seed", "must be a whole number from 0 up, not “-1”.")]
    [InlineData("prompt=x&colour=red", "colour", "is not known here; “Copy link” shows what is.")]
    [InlineData("prompt=x&prompt=y", "prompt", "stands twice; the first is taken.")]
    [InlineData("prompt=x&columns=7", "columns", "must be 1 to 6, not “7”.")]
    [InlineData("prompt=x&columns=2&2.logit_bias=1:2:3", "2.logit_bias", "must be token ids with their bias, such as 12:-5,40:2.5, not “1:2:3”.")]
    [InlineData("prompt=x&ignore_eos=yes", "ignore_eos", "must be true or false, not “yes”.")]
    public void A_mistake_is_told_at_its_field_and_the_rest_is_taken(string fragment, string field, string message)
    {
        var (link, problems) = PageLink.Read("", fragment);
        Assert.Equal([new Problem(field, message)], problems);
        Assert.Equal("x", link!.Prompt);
        Assert.Equal(new SamplingParams().Temperature, link.Sampling.Temperature);
    }

    [Fact]
    public void A_link_that_is_too_long_is_not_read()
    {
        var (link, problems) = PageLink.Read("", "prompt=" + new string('x', PageLink.MaxLength));
        Assert.Null(link);
        Assert.Equal("link", Assert.Single(problems).Field);
    }

    [Fact]
    public void Whatever_a_fragment_holds_it_is_read_or_told_and_never_thrown()
    {
        var random = new Random(5);
        string[] pages = ["", "lab", "score"];
        string[] names = [.. LinkField.All.Select(field => field.Name), .. pages.SelectMany(PageField.Of).Select(field => field.Name), "prompt", "columns", "%3Cscript%3E"];
        foreach (var text in HostileTexts.All(500))
        {
            var name = names[random.Next(names.Length)];
            var (link, problems) = PageLink.Read(pages[random.Next(pages.Length)], random.Next(3) switch
            {
                0 => $"{name}={text}",
                1 => $"{name}={Uri.EscapeDataString(text)}&2.{name}={Uri.EscapeDataString(text)}&columns=2",
                _ => text + "=" + text,
            });
            Assert.All(link?.Columns ?? [], column => Assert.True(float.IsFinite(column.Sampling.Temperature)));
            Assert.All(problems, problem => Assert.InRange(problem.Field.Length + problem.Message.Length, 1, 300));
            Assert.All(problems, problem => Assert.DoesNotContain((problem.Field + problem.Message).EnumerateRunes(), rune => System.Text.Rune.IsControl(rune) || rune.Value is >= 0x202A and <= 0x202E));
        }
    }
}
