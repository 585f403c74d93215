namespace Kl3m.Playground.Classroom;

/// <summary>
/// What a page of the teacher's shows at one moment. It never changes, so that every student's circuit may draw it; a run in it goes on by itself.
/// </summary>
/// <param name="Page">The page's address relative to the base.</param>
internal abstract record PageView(string Page);
