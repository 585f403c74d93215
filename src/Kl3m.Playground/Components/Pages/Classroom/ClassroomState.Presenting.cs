using Kl3m.Inference;
using Kl3m.Playground.Classroom;
using Kl3m.Playground.Components.Layout;
using Kl3m.Playground.Runs;

namespace Kl3m.Playground.Components.Pages.Classroom;

/// <summary>The teacher's pages, as the class sees them; and a student's own desk with the same on it.</summary>
internal sealed partial class ClassroomState
{
    private const int LongestAddress = 32_000;

    private string? followed;
    private object? presented;
    private int presentings;

    /// <summary>The address of the page that is followed as the teacher works on it; null while there is none.</summary>
    public string? PresentedPage => Room?.State.Scene is PresentationScene or LinkScene { IsLive: true } ? followed : null;

    public bool IsPresenting => PresentedPage is not null;

    /// <summary>From now on the class sees what the teacher does on this page.</summary>
    /// <param name="page">Its address relative to the base; empty is the playground.</param>
    public void StartPresenting(string page = "")
    {
        // Who comes back after a reload goes on with what the class sees.
        if (!IsPresenting && Room?.View is { } view && view.Page == page)
        {
            pages.Show(view);
        }
        (followed, presented) = (page, null);
        ShowPage();
    }

    /// <summary>The teacher has gone to another page: the class comes along where it can.</summary>
    public void MoveTo(string page)
    {
        if (IsPresenting && page != followed && VisitorPages.CanFollow(page))
        {
            StartPresenting(page);
        }
    }

    /// <summary>What the class looks at, onto this student's own page of the kind.</summary>
    /// <returns>That page's address.</returns>
    public string TakeOver()
    {
        if (Room?.State.Scene is PresentationScene scene)
        {
            pages.Playground.Take(new PageLink("", scene.Prompt, [new LinkColumn(scene.Sampling with { Seed = Room.Run?.Seed ?? scene.Sampling.Seed }, scene.Model)]));
        }
        else if (Room?.View is { } view)
        {
            pages.Show(view);
            return view.Page;
        }
        return "";
    }

    /// <summary>A page that cannot be followed is shown as a link.</summary>
    public Task<bool> ShowLinkAsync(string address) => DoAsync(new ShowLink(address, TitleOf(address)));

    public static string TitleOf(string address) =>
        NavigationEntry.All.FirstOrDefault(entry => entry.Address == address.Split('?', '#', '/')[0])?.Title ?? "a page";

    private void FollowPage(string page)
    {
        if (page == PresentedPage)
        {
            ShowPage();
        }
    }

    private void ShowPage()
    {
        if (!IsTeacher || Room is not { } room || followed is not { } page)
        {
            return;
        }
        object now = pages.ViewOf(page) ?? (object)new OnPlayground(pages.Playground.Prompt, pages.Playground.Sampling, pages.Playground.Selected, pages.Playground.Run);
        if (!now.Equals(presented))
        {
            presented = now;
            _ = PresentAsync(room);
        }
    }

    // What changes while the last change is on its way goes together with the next.
    private async Task PresentAsync(Room room)
    {
        if (Interlocked.Increment(ref presentings) > 1)
        {
            return;
        }
        int seen;
        do
        {
            seen = Volatile.Read(ref presentings);
            switch (presented)
            {
                case PageView view:
                    var address = pages.AddressOf(view.Page);
                    Tell(await room.PresentPageAsync(key, new ShowLink(address.Length <= LongestAddress ? address : view.Page, TitleOf(view.Page), IsLive: true), view));
                    break;
                case OnPlayground now:
                    Tell(await room.PresentRunAsync(key, new Present(now.Prompt, now.Sampling, now.Selected, now.Run?.Model.Id), now.Run, pages.Playground.RunGenerator));
                    break;
            }
        }
        while (Interlocked.CompareExchange(ref presentings, 0, seen) != seen);
    }

    private void EndPresenting() => (followed, presented) = (null, null);

    private sealed record OnPlayground(string Prompt, SamplingParams Sampling, SelectedToken? Selected, Run? Run);
}
