using Kl3m.Inference;
using Kl3m.Playground.Components.Shared;
using Kl3m.Playground.Runs;
using Kl3m.Playground.Scoring;

namespace Kl3m.Playground.Components.Pages.Score;

/// <summary>The page as a link: its texts, who reads them, and how.</summary>
internal sealed partial class ScoreState
{
    public const string Address = "score";

    private readonly PageAddress links = new(Address);
    private PageLink? linked;

    /// <summary>What was wrong with a link; empty when it was well.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    public PageLink Link => new(Address, sides[0].Text, [.. Sides.Take(Comparison == Comparison.SecondModel ? 2 : 1).Select(side => new LinkColumn(new(), side.ModelId))])
    {
        Second = Comparison == Comparison.SecondText ? sides[1].Text : null,
        Context = recipe?.Context ?? linked?.Context,
        Stride = recipe?.Stride ?? linked?.Stride,
        BehindEnd = (recipe?.BehindEnd ?? linked?.BehindEnd) == true,
    };

    /// <summary>Takes what an address carries, once.</summary>
    public void Open(string address) => links.Open(address, Refuse, Take);

    /// <summary>Puts the link's texts on the page, to be read when the person says so.</summary>
    public void Take(PageLink link)
    {
        running?.Cancel();
        var ids = link.Columns.Take(2).Select(column => column.Model).ToList();
        foreach (var side in sides)
        {
            (side.Result, side.Error) = (null, null);
        }
        (recipe, linked) = (null, link);
        (sides[0].Text, sides[1].Text) = (link.Prompt, link.Second ?? sides[1].Text);
        (sides[0].ModelId, sides[1].ModelId) = (ids[0], ids.Count > 1 ? ids[1] : ids[0]);
        Comparison = link.Second is not null ? Comparison.SecondText : ids.Count > 1 ? Comparison.SecondModel : Comparison.None;
        Front = 0;
        if (models.Generator is { } here && ids.Where(id => id is not null && models.Find(id) is null).Distinct().ToList() is { Count: > 0 } missing)
        {
            Refuse([.. Refused, .. missing.Select(id => $"{Visible.Line(id!)} is not loaded here: {here.Model.Id} reads in its place. Models are loaded on the Models page.")]);
        }
        Edit();
    }

    public void Refuse(params IReadOnlyList<string> sentences)
    {
        Refused = sentences;
        Announcement = string.Join(' ', sentences);
        Changed?.Invoke();
    }

    /// <summary>The model's usual recipe, but for what the link says.</summary>
    private ScoringRecipe Linked(ScoringRecipe usual)
    {
        var context = linked?.Context ?? usual.Context;
        return new(context, linked?.Stride ?? Math.Max(1, context / 2), linked?.BehindEnd ?? usual.BehindEnd);
    }
}
