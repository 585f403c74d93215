namespace Kl3m.Playground.Runs;

/// <summary>The links that a page is opened by. Each is taken once: who comes back to the page by it finds what is there now.</summary>
internal sealed class PageAddress(string page)
{
    private string? opened;

    /// <summary>Nothing happens where the address carries no link, or says nothing new.</summary>
    /// <param name="refuse">Told, before the link is taken, what was wrong with it, in sentences; none when it was well.</param>
    /// <param name="take">Given the link, if it could be read at all.</param>
    public void Open(string address, Action<IReadOnlyList<string>> refuse, Action<PageLink> take)
    {
        var (link, problems) = PageLink.Read(page, address);
        if ((link is null && problems.Count == 0) || address == opened)
        {
            return;
        }
        opened = address;
        refuse([.. problems.Select(problem => $"In the link, {problem.Field} {problem.Message}")]);
        if (link is not null)
        {
            take(link);
        }
    }
}
